"""One module per `stillscan` command: `add_parser(subparsers)` and a function from arguments to the exit code."""
