"""Lambda runtime: runs functions in warm subprocesses, independently of moto."""
