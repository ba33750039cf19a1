rule collect:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("collect"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts collect {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule statistics:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("statistics"),
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts statistics {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule tables:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        tables=[RUN.path(f"{{entry}}/{item.file}") for item in gallery.tables(RUN.grid)],
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("tables"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts tables {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule figures:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        figures=[RUN.path(f"{{entry}}/{item.file}") for item in gallery.figures(RUN.grid)],
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("figures"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts figures {wildcards.entry:q} --config {params.config:q} --log {log:q}"


rule page:
    input:
        made_from,
    output:
        manifest=RUN.path("{entry}/manifest.json"),
    log:
        "logs/{entry}.log",
    wildcard_constraints:
        entry=RUN.waiting_for("page"),
    localrule: True
    conda:
        "../../envs/xstilts.yaml"
    params:
        config=RUN.config_file,
    shell:
        "python -m xstilts page {wildcards.entry:q} --config {params.config:q} --log {log:q}"
