using Google.Protobuf;
using SplitInfer.Core.Tests.Partitioning;
using SplitInfer.Models;
using SplitInfer.Models.Onnx;
using SplitInfer.Partitioning;
using SplitInfer.Testing;
using SplitInfer.Testing.Networks;

namespace SplitInfer.Core.Tests.Models;

public sealed class ModelMetadataTests
{
    [Fact]
    public void What_the_file_says_about_itself_is_told_as_it_stands()
    {
        var model = Build();
        (model.ProducerName, model.ProducerVersion, model.Domain, model.ModelVersion, model.IrVersion) = ("exporter", "2.1", "org.example.vision", 7, 3);
        model.DocString = ByteString.CopyFromUtf8("Tells cats from dogs – mostly.");
        (model.Graph.Name, model.Graph.DocString) = ("classifier", ByteString.CopyFromUtf8("Two classes."));
        Add(model, ("labels", "cat,dog"), ("licence", ""));
        var metadata = PartitionedModel.Load(model.ToByteArray(), null, SplitRun.Execution).Metadata;
        Assert.Equal(("exporter", "2.1", "org.example.vision", 7L), (metadata.Producer, metadata.ProducerVersion, metadata.Domain, metadata.Version));
        Assert.Equal("Tells cats from dogs – mostly.", metadata.Description);
        Assert.Equal(("classifier", "Two classes."), (metadata.GraphName, metadata.GraphDescription));
        Assert.Equal(3, metadata.IrVersion);
        Assert.Equal(17, metadata.Opset);
        Assert.Equal([new("labels", "cat,dog"), new("licence", "")], metadata.Properties.OrderBy(static p => p.Key, StringComparer.Ordinal));
        Assert.Equal("classifier, version 7, made by exporter 2.1, opset 17, IR version 3", metadata.ToString());
    }

    [Fact]
    public void A_file_that_says_nothing_has_empty_metadata()
    {
        var model = Build();
        model.ClearProducerName();
        model.Graph.ClearName();
        var metadata = OnnxModel.Parse(model.ToByteArray()).Metadata;
        Assert.Equal(("", "", "", 0L), (metadata.Producer, metadata.ProducerVersion, metadata.Domain, metadata.Version));
        Assert.Equal(("", "", ""), (metadata.Description, metadata.GraphName, metadata.GraphDescription));
        Assert.Empty(metadata.Properties);
        Assert.Equal($"unnamed, opset 17, IR version {metadata.IrVersion}", metadata.ToString());
    }

    [Fact]
    public void Operator_sets_are_told_by_domain_and_of_a_repeated_key_the_last()
    {
        var model = Build();
        model.OpsetImport.Clear();
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 3 });
        Assert.Null(OnnxModel.Parse(model.ToByteArray()).Metadata.Opset);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx", Version = 12 });
        Add(model, ("key", "first"), ("key", "last"));
        var metadata = OnnxModel.Parse(model.ToByteArray()).Metadata;
        Assert.Equal(12, metadata.Opset);
        Assert.Equal([new("", 12), new("ai.onnx.ml", 3)], metadata.Opsets.OrderBy(static o => o.Key, StringComparer.Ordinal));
        Assert.Equal("last", metadata.Properties["key"]);
    }

    private static ModelProto Build() => ResNet18.Build(size: 32, classes: 10, width: 8).Build();

    private static void Add(ModelProto model, params ReadOnlySpan<(string Key, string Value)> properties)
    {
        foreach (var (key, value) in properties) model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }
}
