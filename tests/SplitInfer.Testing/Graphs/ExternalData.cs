using System.Globalization;
using SplitInfer.Models.Onnx;

namespace SplitInfer.Testing;

/// <summary>Puts the elements of initializers into a file beside the model.</summary>
internal static class ExternalData
{
    private const int LeastBytes = 64;
    private const int Alignment = 4096;

    public static void Save(ModelProto model, string path, string fileName)
    {
        using var data = File.Create(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, fileName));
        foreach (var tensor in model.Graph.Initializer)
        {
            if (tensor.RawData.Length < LeastBytes) continue;
            data.SetLength((data.Length + Alignment - 1) / Alignment * Alignment);
            data.Position = data.Length;
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = fileName });
            tensor.ExternalData.Add(Number("offset", data.Position));
            tensor.ExternalData.Add(Number("length", tensor.RawData.Length));
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            data.Write(tensor.RawData.Span);
            tensor.ClearRawData();
        }

        File.WriteAllBytes(path, ModelBytes.Of(model));
    }

    private static StringStringEntryProto Number(string key, long value) =>
        new() { Key = key, Value = value.ToString(CultureInfo.InvariantCulture) };
}
