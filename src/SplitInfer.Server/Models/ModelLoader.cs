using Microsoft.Extensions.Logging;
using SplitInfer.Execution;
using SplitInfer.Exits;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Segments;
using SplitInfer.Server.Quality;
using SplitInfer.Tensors;

namespace SplitInfer.Server.Models;

/// <summary>Plans models, and publishes them once their tails are loaded and measured as far as that is asked for.</summary>
internal static partial class ModelLoader
{
    private const string SamplesFolder = "inputs", ExitsFileName = "exits.json";

    /// <summary>Why a model is not served, in words for whoever put it there.</summary>
    public static string ReasonOf(Exception error, string path) => error switch
    {
        SplitInferException => error.Message,
        IOException or UnauthorizedAccessException => $"{path}: the file cannot be read. Let the server's user read it and what lies beside it. {error.Message}",
        _ => $"{path}: the model cannot be planned, by an error that was not foreseen. Export it again, and report it. {error.GetType().Name}: {error.Message}",
    };

    /// <summary>Reads the graph of a model without its external data, in no time beside that of planning it.</summary>
    /// <exception cref="SplitInferException">It is no model, or none that can be planned.</exception>
    public static void CheckStructure(string path, PlanOptions options)
    {
        var file = OnnxModel.LoadGraph(path, options.Limits);
        ModelGraph.Of(file, options.For(file).FedInitializers);
    }

    /// <summary>Plans a model with the samples that lie beside it, in the folder <c>inputs</c>.</summary>
    public static PartitionedModel Plan(string path, PlanOptions options, ExecutionOptions execution, ILogger logger)
    {
        var file = OnnxModel.Load(path, options.Limits);
        try
        {
            return Plan(file, path, options.For(file), execution, logger);
        }
        catch
        {
            // Nothing refers to its external data any more, which may be large.
            file.ExternalCopy?.Dispose();
            throw;
        }
    }

    /// <summary>Reads the exits that lie beside a model, in the file <c>exits.json</c>.</summary>
    /// <param name="path">The model file.</param>
    /// <param name="model">The model.</param>
    /// <param name="problem">Why there are none though there is such a file; null otherwise.</param>
    public static ModelExits? ReadExits(string path, PartitionedModel model, out string? problem)
    {
        problem = null;
        var file = new FileInfo(Path.Combine(Path.GetDirectoryName(path)!, ExitsFileName));
        // A link that leads nowhere does not exist, and is one all the same.
        if (!file.Exists && file.LinkTarget is null) return null;
        try
        {
            if (file.LinkTarget is not null) throw new InvalidExitsException($"'{file.FullName}' is a link. A server loads only what lies in its model directory: put the file itself there.");
            var exits = ExitsFile.Load(file.FullName);
            exits.RequireFor(model.Plan);
            _ = ExitOutput.Of(model, exits);
            return exits;
        }
        catch (InvalidExitsException error)
        {
            problem = $"The model is served without exits: {error.Message}";
            return null;
        }
    }

    /// <summary>Exits beside a model that go by another name than a server looks for, though there are none by that; null where there are none.</summary>
    public static string? FindMisnamedExits(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        try
        {
            return Path.Exists(Path.Combine(folder, ExitsFileName)) ? null : Directory.EnumerateFiles(folder, $"*.{ExitsFileName}").Order(StringComparer.Ordinal).FirstOrDefault();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Says that a model is served without the exits beside it.</summary>
    [LoggerMessage(59, LogLevel.Warning, "{Name} {Version} is served without exits: {Found} is beside it, and a server takes exits.json. Rename it.", EventName = "ExitsMisnamed")]
    public static partial void LogMisnamedExits(ILogger logger, string name, string version, string found);

    private static PartitionedModel Plan(OnnxModel file, string path, PlanOptions options, ExecutionOptions execution, ILogger logger)
    {
        var folder = Path.Combine(Path.GetDirectoryName(path)!, SamplesFolder);
        if (!Directory.Exists(folder)) return PartitionedModel.From(file, options, execution);
        var samples = new Dictionary<string, TensorValue>();
        try
        {
            samples = TensorFolder.Read(folder, "input", [.. ModelGraph.Of(file, options.FedInitializers).Inputs.Select(static input => input.Name)], options.MaxMeasureBytes);
            return PartitionedModel.From(file, options.WithSamples(samples), execution);
        }
        catch (Exception error) when (error is InvalidTensorException or TensorMismatchException or IOException or UnauthorizedAccessException)
        {
            // Samples tell what cuts cost. A model can be served without.
            LogSamplesIgnored(logger, error, folder);
            return PartitionedModel.From(file, options, execution);
        }
        finally
        {
            foreach (var tensor in samples.Values) tensor.Dispose();
        }
    }

    /// <summary>Publishes a model that is planned. Whoever calls says so in the log, by <see cref="LogServing"/>.</summary>
    /// <param name="name">The name that clients open it by.</param>
    /// <param name="version">The version of that name.</param>
    /// <param name="model">The model.</param>
    /// <param name="exits">Its exits; null where it has none.</param>
    /// <param name="isOwned">Whether nobody else uses the model, so that its external data goes with it.</param>
    /// <param name="settings">How it is served.</param>
    /// <param name="registry">Where it is published.</param>
    /// <param name="logger">Told what cannot be loaded or measured.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async ValueTask<IServedModel> PublishAsync(
        string name, string version, PartitionedModel model, ModelExits? exits, bool isOwned, ModelRepositorySettings settings, ModelRegistry registry, ILogger logger, CancellationToken cancellationToken)
    {
        var served = Open(name, version, model, isOwned ? model.Model.ExternalCopy : null, settings, logger);
        try
        {
            if (exits is not null && settings.Quality is { } quality)
            {
                served.Routes = new(model, exits, served.Segments, quality, settings.Time, (partition, error) => LogNoRoute(logger, error, name, version, partition));
                // Most requests that allow exits leave everything to the server, and what they take is best measured before others run.
                await served.Routes.LoadAsync(model.Plan.AllOnServer.Index, cancellationToken).ConfigureAwait(false);
            }

            if (settings.PreloadArms) await served.PreloadAsync(error => LogNotLoaded(logger, error, name, version, error.Partition), cancellationToken).ConfigureAwait(false);
            if (settings.ProfileTails)
            {
                served.TailSeconds = await new TailProfiler(model, served, settings.Time).MeasureAsync(reason => LogNotProfiled(logger, name, version, reason), cancellationToken).ConfigureAwait(false);
                LogProfiled(logger, name, version, served.TailSeconds.Count(static s => s > 0));
            }

            await new ReplacementWarmUp(model, served, (partition, error) => LogNotLoaded(logger, error, name, version, partition))
                .RunAsync(registry.Models.OfType<ServedModel>().Where(one => one.Name == name), cancellationToken).ConfigureAwait(false);
            registry.Publish(served);
            return served;
        }
        catch
        {
            served.Dispose();
            throw;
        }
    }

    private static ServedModel Open(string name, string version, PartitionedModel model, ExternalCopy? externalCopy, ModelRepositorySettings settings, ILogger logger)
    {
        try
        {
            var segments = settings.Segments.Open(new SegmentCompiler(model, settings.Execution));
            return new(name, version, model.Plan, segments, externalCopy, model)
            {
                Batches = settings.Batches is { MaxCount: > 1 } terms ? new(model, segments, terms, new BatchLog(name, version, logger)) : null,
            };
        }
        catch
        {
            externalCopy?.Dispose();
            throw;
        }
    }

    /// <summary>Says that a model is served.</summary>
    [LoggerMessage(36, LogLevel.Information, "Serving {Name} {Version}, fingerprint {Fingerprint}", EventName = "ModelServed")]
    public static partial void LogServing(ILogger logger, string name, string version, Fingerprint fingerprint);

    [LoggerMessage(53, LogLevel.Warning, "Serving {Name} {Version} without exits from partition {Partition} on, since they cannot be loaded or measured; what may pass is tried again after a while", EventName = "ExitsNotLoaded")]
    private static partial void LogNoRoute(ILogger logger, Exception error, string name, string version, int partition);

    [LoggerMessage(37, LogLevel.Warning, "Serving {Name} {Version} without partition {Partition}, whose tail cannot be loaded", EventName = "TailNotLoaded")]
    private static partial void LogNotLoaded(ILogger logger, Exception error, string name, string version, int partition);

    [LoggerMessage(38, LogLevel.Information, "Measured {Count} tails of {Name} {Version}", EventName = "TailsMeasured")]
    private static partial void LogProfiled(ILogger logger, string name, string version, int count);

    [LoggerMessage(39, LogLevel.Warning, "No tail of {Name} {Version} could be measured on made-up inputs, so clients learn from their requests alone: {Reason}", EventName = "TailsNotMeasured")]
    private static partial void LogNotProfiled(ILogger logger, string name, string version, string reason);

    [LoggerMessage(40, LogLevel.Warning, "The samples in {Folder} are passed over: they cannot be read, or are not what the model takes", EventName = "SamplesIgnored")]
    private static partial void LogSamplesIgnored(ILogger logger, Exception error, string folder);
}
