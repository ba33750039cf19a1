"""The steps of the workflow, each a rule and a command, in the order in which one feeds the next."""

RESULTS = (
    "write_miniature",
    "make_tokenizer",
    "pretrain_encoder",
    "read_task",
    "encode_task",
    "train_stage",
    "predict",
    "score",
)
"""What makes results, which experiments share."""

REPORTS = ("collect", "statistics", "tables", "figures", "page")
"""What makes the reports of one experiment, in seconds."""
