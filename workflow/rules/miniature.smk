rule write_miniature:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("write_miniature"),
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts write_miniature {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule make_tokenizer:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("make_tokenizer"),
    # All models wait for the encoder.
    priority: 2
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts make_tokenizer {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule pretrain_encoder:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        settings=RUN.path("{entry}/config.json"),
        weights=RUN.path("{entry}/model.safetensors"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("pretrain_encoder"),
    priority: 2
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts pretrain_encoder {wildcards.entry:q} --config {params.config:q} --log {log:q}"
