"""Sentences for training and testing tokenizers."""

SENTENCES = (
    "The river runs past the old mill and under seven bridges.",
    "Nobody in the village remembers who built the first bridge.",
    "In winter the miller's daughter skates from bridge to bridge.",
    "Her brother prefers to stay inside and read about distant harbours.",
    "The harbour master keeps forty-two lanterns in a wooden shed.",
    "Every evening he lights them, one after the other, until midnight.",
    "Ships that arrive late find the harbour dark and the gates closed.",
    "A captain once waited three days for the wind to turn.",
    "She wrote letters to her sister, who collected foreign stamps.",
    "The stamps are kept in the museum beside the market square.",
    "On market days farmers sell apples, honey and grey wool.",
    "Grey wool is what the winter coats of the guards are made of.",
)
