using System.Reflection;
using System.Runtime.CompilerServices;
using PublicApiGenerator;
using SplitInfer.Testing;

namespace SplitInfer.IntegrationTests.PublicApi;

/// <summary>What applications can reference changes only on purpose: every change shows in a file under review.</summary>
public sealed class PublicApiTests
{
    private static readonly ApiGeneratorOptions Options = new()
    {
        IncludeAssemblyAttributes = false,
        ExcludeAttributes = [typeof(AsyncMethodBuilderAttribute).FullName!],
    };

    /// <summary>The projects that are packed as libraries; this project has to reference them.</summary>
    public static TheoryData<string> Libraries { get; } =
        [.. Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Where(static project => File.ReadAllText(project) is var text && text.Contains("<IsPackable>true</IsPackable>") && !text.Contains("<PackAsTool>true</PackAsTool>"))
            .Select(static project => Path.GetFileNameWithoutExtension(project))
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_api_is_the_approved_one(string library)
    {
        var listing = Assembly.Load(library).GeneratePublicApi(Options).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        var difference = new ApprovedFile($"tests/SplitInfer.IntegrationTests/PublicApi/Approved/{library}.txt").Difference(listing);
        Assert.True(difference is null, difference);
    }
}
