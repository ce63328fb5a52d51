#:project ../tests/SplitInfer.Testing/SplitInfer.Testing.csproj

// Replaces the weights of a model that are made by ConstantOfShape, as those of ONNX's light models are, by seeded random ones:
// dotnet run bench/random-weights.cs -- FROM.onnx TO.onnx
SplitInfer.Testing.RandomWeights.Rewrite(args[0], args[1]);
