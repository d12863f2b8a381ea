"""The tests, one folder a layer. A package, since a dependency installs a package of this name too."""
