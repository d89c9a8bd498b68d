"""Who judges whether two memories contradict each other: cues, a cross-encoder in ONNX, or a model on Amazon Bedrock."""
