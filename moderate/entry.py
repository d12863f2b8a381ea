"""Entry point of the installed command."""

import signal


def run() -> None:
    """Run the command. Ctrl-C is quiet while its modules are loaded, too, which takes most of a second."""
    waits_for_ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # nohup and `&` ignore it
    if waits_for_ctrl_c:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from moderate.main import app

    if waits_for_ctrl_c:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="moderate")
