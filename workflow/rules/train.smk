# The parent of `models/<encoder>/<stage>/<stage>/seed-<n>` is the model without the last stage; a first stage has no
# parent and starts from the encoder. This rule trains intermediates, targets and mixtures alike.
use rule job as train_stage with:
    input:
        parent=of("parent"),
        encoder=of("encoder"),
        features=of("features"),
        data=of("data"),
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        settings=RUN.path("{entry}/config.json"),
        weights=RUN.path("{entry}/model.safetensors"),
    wildcard_constraints:
        entry=RUN.waiting_for("train_stage"),
    threads: RUN.processes
    resources:
        gpu=RUN.gpus_together,
        mem_mb=RUN.mem_mb,
    params:
        step="train_stage",
        options=RUN.options_together,
