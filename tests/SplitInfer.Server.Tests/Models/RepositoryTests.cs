using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SplitInfer.Execution;
using SplitInfer.Execution.OnnxRuntime;
using SplitInfer.Server.Models;
using SplitInfer.Tensors;
using SplitInfer.Testing;

namespace SplitInfer.Server.Tests.Models;

/// <summary>A model directory with the model "good" of version 1, and servers of it.</summary>
public abstract class RepositoryTests : IDisposable
{
    private readonly List<string> _log = [];

    protected RepositoryTests() => Save("good", "1", "Relu");

    protected TestFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static async Task Until(Func<bool> condition, FakeTimeProvider? time = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition())
        {
            await Task.Delay(20, patience.Token);
            time?.Advance(TimeSpan.FromSeconds(0.5));
        }
    }

    protected string Log()
    {
        lock (_log) return string.Join('\n', _log);
    }

    /// <summary>Whether a model has an operation.</summary>
    protected static bool Has(byte[] model, string operation) => model.AsSpan().IndexOf(Encoding.UTF8.GetBytes(operation)) >= 0;

    protected bool HasSeen(string words)
    {
        lock (_log) return _log.Exists(line => line.Contains(words, StringComparison.Ordinal));
    }

    protected ValueTask<SplitInferServer> StartAsync(IModelTrial? trial = null, Action<string>? logLine = null) => StartAsync(OptionsWith(trial), logLine);

    protected ValueTask<SplitInferServer> StartAsync(SplitInferServerOptions options, Action<string>? logLine = null) => SplitInferServer.StartAsync(options, new Recording(_log, logLine));

    protected SplitInferServerOptions OptionsWith(IModelTrial? trial = null, Action<byte[], string?>? onOptimize = null)
    {
        var options = new SplitInferServerOptions { ModelsDirectory = Folder.Path, ModelTrial = trial, ModelPollInterval = TimeSpan.FromSeconds(0.2), Execution = { IntraOpThreads = 1, Engine = new Engine(onOptimize) } };
        options.Listen.Add(new("tcp://127.0.0.1:0"));
        return options;
    }

    protected void Save(string model, string version, string operation, string name = "x")
    {
        File.WriteAllBytes(Folder[$"{model}/{version}/model.onnx"], ModelOf(operation, name));
    }

    /// <summary>Saves a model of a new name, which no look sees half written.</summary>
    protected void SaveAtOnce(string model, string version, string operation)
    {
        using var beside = new TestFolder();
        File.WriteAllBytes(beside[$"{model}/{version}/model.onnx"], ModelOf(operation, "x"));
        Directory.Move(beside[model], Folder[model]);
    }

    private static byte[] ModelOf(string operation, string name)
    {
        var g = new GraphBuilder();
        g.Output(g.Node(operation, [g.Input(name, ElementType.Float32, 1, 8)]), "y");
        return g.ToBytes();
    }

    /// <summary>An engine with a fault of its own at one operation.</summary>
    /// <param name="onOptimize">Told of each model that is optimized, and of the folder with its external data.</param>
    private sealed class Engine(Action<byte[], string?>? onOptimize) : IInferenceEngine
    {
        private readonly OnnxRuntimeEngine _engine = OnnxRuntimeEngine.Instance;

        public string Version => _engine.Version;

        public void Check(ExecutionOptions options) => _engine.Check(options);

        public IEngineSession Load(byte[] model, ExecutionOptions options, SessionSettings settings) => _engine.Load(model, options, settings);

        public ReadOnlyMemory<byte> Optimize(byte[] model, ExecutionOptions options, string? externalDataFolder)
        {
            onOptimize?.Invoke(model, externalDataFolder);
            return Has(model, "Tanh") ? throw new InvalidOperationException("The engine has a fault.") : _engine.Optimize(model, options, externalDataFolder);
        }

        public ISessionGroup CreateGroup() => _engine.CreateGroup();
    }

    private sealed class Recording(List<string> lines, Action<string>? then) : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            lock (lines) lines.Add(line);
            then?.Invoke(line);
        }

        public void Dispose()
        {
        }
    }
}
