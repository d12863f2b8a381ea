"""Reading of the words and codes in a picture: PP-OCR over onnxruntime and numpy, zxing-cpp for codes."""
