"""The random generators of a training: that of the CPU and that of the device, in every process."""

import torch
from accelerate.utils import gather_object
from torch import Tensor

_CPU = "cpu"


def current(device: torch.device) -> dict[str, Tensor]:
    """The states of the generators of this process, by type of device."""
    states = {_CPU: torch.get_rng_state()}
    if device.type != _CPU:
        states[device.type] = torch.get_device_module(device).get_rng_state(device)
    return states


def restore(states: dict[str, Tensor], device: torch.device) -> None:
    """Set the generators of this process to states returned by `current`."""
    torch.set_rng_state(states[_CPU])
    if device.type in states and device.type != _CPU:
        torch.get_device_module(device).set_rng_state(states[device.type], device)


def of_all(device: torch.device) -> dict[str, Tensor]:
    """The states of the generators of all processes, by `<device type>.<process>`."""
    found = gather_object([current(device)])
    return {f"{name}.{process}": state for process, states in enumerate(found) for name, state in states.items()}


def of_process(states: dict[str, Tensor], process: int) -> dict[str, Tensor]:
    """The states of one process among those of all; empty if there were fewer processes."""
    found = ((key.rpartition("."), state) for key, state in states.items())
    return {name: state for (name, _, number), state in found if number == str(process)}
