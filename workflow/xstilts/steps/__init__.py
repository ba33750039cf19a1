"""The steps of the workflow, in the order of their dependencies. Each is a rule and a command."""

RESULTS = (
    "write_miniature",
    "make_tokenizer",
    "pretrain_encoder",
    "read_task",
    "perturb_task",
    "encode_task",
    "train_stage",
    "predict",
    "score",
    "probe",
)
"""The steps whose results experiments share."""

REPORTS = ("collect", "statistics", "tables", "figures", "page")
"""The steps that write the reports of one experiment; each takes seconds."""
