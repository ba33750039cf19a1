use rule job as read_task with:
    input:
        miniature=of("miniature"),
    wildcard_constraints:
        entry=RUN.waiting_for("read_task"),
    params:
        step="read_task",


use rule job as perturb_task with:
    input:
        data=of("data"),
    wildcard_constraints:
        entry=RUN.waiting_for("perturb_task"),
    params:
        step="perturb_task",


use rule job as encode_task with:
    input:
        data=of("data"),
        tokenizer=of("tokenizer"),
    wildcard_constraints:
        entry=RUN.waiting_for("encode_task"),
    params:
        step="encode_task",
