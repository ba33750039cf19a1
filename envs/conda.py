"""Print the conda environment that holds the same versions as the pip lock, for `snakemake --sdm conda`."""

from pathlib import Path

LOCK = Path(__file__).with_name("requirements.txt")


def main() -> None:
    """Print the environment as YAML."""
    pins = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    print("# Made from requirements.txt by `make envs`.")
    print("channels:\n  - conda-forge\ndependencies:\n  - python =3.11\n  - pip\n  - pip:")
    for pin in pins:
        print(f"      - {pin}")


if __name__ == "__main__":
    main()
