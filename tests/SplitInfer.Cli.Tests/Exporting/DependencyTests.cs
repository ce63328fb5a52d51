using System.Reflection;
using SplitInfer.AspNetCore;
using SplitInfer.Client;
using SplitInfer.Server;
using SplitInfer.Tensors;

namespace SplitInfer.Cli.Tests.Exporting;

/// <summary>Applications choose who collects their telemetry: the libraries bring no exporter with them.</summary>
public sealed class DependencyTests
{
    [Theory]
    [InlineData(typeof(TensorValue))]
    [InlineData(typeof(SplitInferenceClient))]
    [InlineData(typeof(SplitInferServer))]
    [InlineData(typeof(SplitInferServerKestrelExtensions))]
    public void Libraries_do_without_opentelemetry(Type type) =>
        Assert.DoesNotContain(type.Assembly.GetReferencedAssemblies(), static assembly => assembly.Name!.StartsWith("OpenTelemetry", StringComparison.Ordinal));

    [Fact]
    public void The_tool_has_it() => Assert.Contains(typeof(Program).Assembly.GetReferencedAssemblies(), static (AssemblyName assembly) => assembly.Name == "OpenTelemetry");
}
