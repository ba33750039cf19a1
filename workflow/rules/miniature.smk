use rule job as write_miniature with:
    wildcard_constraints:
        entry=RUN.waiting_for("write_miniature"),
    params:
        step="write_miniature",


use rule job as make_tokenizer with:
    wildcard_constraints:
        entry=RUN.waiting_for("make_tokenizer"),
    # All models depend on the encoder.
    priority: 2
    params:
        step="make_tokenizer",


use rule job as pretrain_encoder with:
    input:
        tokenizer=of("tokenizer"),
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        settings=RUN.path("{entry}/config.json"),
        weights=RUN.path("{entry}/model.safetensors"),
    wildcard_constraints:
        entry=RUN.waiting_for("pretrain_encoder"),
    priority: 2
    params:
        step="pretrain_encoder",
