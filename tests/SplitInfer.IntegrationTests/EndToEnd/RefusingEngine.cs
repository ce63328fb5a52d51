using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Models;

namespace SplitInfer.IntegrationTests.EndToEnd;

/// <summary>ONNX Runtime, but that it refuses some models.</summary>
/// <param name="refuses">Which: told the bytes, and whether they are those of a segment rather than of a model that is planned.</param>
internal sealed class RefusingEngine(Func<byte[], bool, bool> refuses) : IInferenceEngine
{
    private readonly OnnxRuntimeEngine _engine = OnnxRuntimeEngine.Instance;

    /// <summary>Which it does not optimise, so that a segment is loaded with all its weights: none unless set.</summary>
    public Func<byte[], bool> RefusesToOptimize { get; init; } = static _ => false;

    public string Version => _engine.Version;

    /// <summary>One that refuses models by the names of their first input and output.</summary>
    public static RefusingEngine ByNames(Func<string, string, bool> refuses) => new((model, _) => EngineModel.Parse(model).Graph is var graph && refuses(graph.Input[0].Name, graph.Output[0].Name));

    public void Check(ExecutionOptions options) => _engine.Check(options);

    public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
    {
        Check(model, settings.UseSharedArena);
        return _engine.Load(model, options, settings);
    }

    public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder) =>
        RefusesToOptimize(model) ? throw new EngineException(EngineErrorCode.Fail, "it does not optimise this") : _engine.Optimize(model, options, externalDataFolder);

    public ISessionGroup CreateGroup() => new Group(this, _engine.CreateGroup());

    private void Check(byte[] model, bool isSegment)
    {
        if (refuses(model, isSegment)) throw new EngineException(EngineErrorCode.Fail, "it does not load this");
    }

    private sealed class Group(RefusingEngine owner, ISessionGroup inner) : ISessionGroup
    {
        public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings)
        {
            owner.Check(model, isSegment: true);
            return inner.Load(model, options, settings);
        }

        public void Dispose() => inner.Dispose();
    }
}
