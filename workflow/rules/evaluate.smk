# Targets without training are predicted with the model of the intermediate, or with the encoder itself.
use rule job as predict with:
    input:
        model=of("model"),
        encoder=of("encoder"),
        features=of("features"),
        data=of("data"),
    wildcard_constraints:
        entry=RUN.waiting_for("predict"),
    resources:
        gpu=RUN.gpus,
    params:
        step="predict",
        options=RUN.options,


use rule job as score with:
    input:
        predictions=of("predictions"),
        data=of("data"),
    wildcard_constraints:
        entry=RUN.waiting_for("score"),
    localrule: True
    params:
        step="score",


# The heads of earlier stages, and linear probes, on the model of each stage of a sequence.
use rule job as probe with:
    input:
        model=of("model"),
        head=of("head"),
        encoder=of("encoder"),
        features=of("features"),
        data=of("data"),
    wildcard_constraints:
        entry=RUN.waiting_for("probe"),
    resources:
        gpu=RUN.gpus,
    params:
        step="probe",
        options=RUN.options,
