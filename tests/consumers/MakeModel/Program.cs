// Writes the models that the consumers run: ResNet-18 with few channels, for small images and for those of the readmes.
//   MakeModel SMALL.onnx LARGE.onnx
using SplitInfer.Testing.Networks;

ResNet18.Build(size: 32, classes: 10, width: 8).Save(args[0]);
ResNet18.Build(size: 224, classes: 10, width: 8).Save(args[1]);
