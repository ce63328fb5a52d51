// Writes the model that the other consumers run.
using SplitInfer.Testing.Networks;

ResNet18.Build(size: 32, classes: 10, width: 8).Save(args[0]);
