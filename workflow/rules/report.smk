use rule job as collect with:
    input:
        cells=of("cells"),
    wildcard_constraints:
        entry=RUN.waiting_for("collect"),
    localrule: True
    params:
        step="collect",


use rule job as statistics with:
    input:
        cells=of("cells"),
    wildcard_constraints:
        entry=RUN.waiting_for("statistics"),
    params:
        step="statistics",


use rule job as tables with:
    input:
        scores=of("scores"),
        statistics=of("statistics"),
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        tables=[RUN.path(f"{{entry}}/{item.file}") for item in gallery.tables(RUN.grid)],
    wildcard_constraints:
        entry=RUN.waiting_for("tables"),
    localrule: True
    params:
        step="tables",


use rule job as figures with:
    input:
        scores=of("scores"),
        statistics=of("statistics"),
    output:
        manifest=RUN.path("{entry}/manifest.json"),
        figures=[RUN.path(f"{{entry}}/{item.file}") for item in gallery.figures(RUN.grid)],
    wildcard_constraints:
        entry=RUN.waiting_for("figures"),
    localrule: True
    params:
        step="figures",


use rule job as page with:
    input:
        scores=of("scores"),
        statistics=of("statistics"),
        cells=of("cells"),
        data=of("data"),
    wildcard_constraints:
        entry=RUN.waiting_for("page"),
    localrule: True
    params:
        step="page",
