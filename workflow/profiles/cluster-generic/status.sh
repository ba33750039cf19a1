#!/bin/sh
# The state of a PBS job in the words of snakemake-executor-plugin-cluster-generic: running, success or failed.
found=$(qstat -x -f "$1") || { echo running; exit; } # The server does not answer; the job may well go on.
case $found in
*"job_state = F"*"Exit_status = 0"* | *"Exit_status = 0"*"job_state = F"*) echo success ;;
*"job_state = F"*) echo failed ;;
*) echo running ;;
esac
