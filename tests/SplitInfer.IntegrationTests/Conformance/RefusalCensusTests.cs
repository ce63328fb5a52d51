using System.Formats.Tar;
using System.IO.Compression;
using SplitInfer.Testing;
using Xunit.Abstractions;

namespace SplitInfer.IntegrationTests.Conformance;

/// <summary>What is refused, by reason, over whole collections of models.</summary>
public sealed class RefusalCensusTests(ITestOutputHelper output)
{
    [OnnxTestDataFact]
    public void Few_of_Debians_models_are_refused() => Check(SharedData.OnnxTestData, mostRefused: 24, mostIndivisible: 8, mostRefusedCuts: 13);

    [SharedFact]
    public void Few_operator_models_of_several_nodes_are_refused()
    {
        using var folder = new TestFolder();
        using var packed = new GZipStream(File.OpenRead(Path.Combine(SharedData.Root!, "cases", "onnx-node.tgz")), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(packed, folder.Path, overwriteFiles: false);
        Check(folder.Path, mostRefused: 6, mostIndivisible: 4, mostRefusedCuts: 197);
    }

    /// <summary>The bounds are what was last seen: what was planned once is to be planned ever after.</summary>
    private void Check(string folder, int mostRefused, int mostIndivisible, int mostRefusedCuts)
    {
        var census = RefusalCensus.Of(folder);
        var table = string.Join(Environment.NewLine, census.Lines());
        output.WriteLine(table);

        Assert.True(census.Models > 350, table);
        Assert.True(census.Refused.Values.Sum(static m => m.Count) <= mostRefused, table);
        Assert.True(census.Indivisible.Values.Sum(static m => m.Count) <= mostIndivisible, table);
        Assert.True(census.RefusedCuts.Values.Sum() <= mostRefusedCuts, table);
    }
}
