using SplitInfer.Client.Transport;
using SplitInfer.Models;
using SplitInfer.Partitioning;
using SplitInfer.Protocol;

namespace SplitInfer.Client;

/// <summary>Asks servers what a model is that the device has no copy of.</summary>
internal static class ModelDescriber
{
    /// <summary>The plan of the model, as the first server says that describes one which can be used.</summary>
    /// <param name="options">Name the servers and the model.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ServerUnreachableException">No server can be reached; of the first.</exception>
    /// <exception cref="TailRefusedException">None that can be reached has the model, likewise.</exception>
    /// <exception cref="ProtocolException">A server describes the model badly.</exception>
    /// <exception cref="ModelNotSupportedException">Some outputs can only be made on the device.</exception>
    public static async Task<PartitionPlan> DescribeAsync(SplitInferenceOptions options, CancellationToken cancellationToken)
    {
        var connections = options.Connections ?? new();
        Exception? first = null;
        foreach (var server in options.AllServers)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await DescribeAsync(options, server, connections, cancellationToken).ConfigureAwait(false);
            }
            catch (SplitInferException failure) when (!cancellationToken.IsCancellationRequested)
            {
                first ??= failure;
            }
        }

        throw first!;
    }

    private static async Task<PartitionPlan> DescribeAsync(SplitInferenceOptions options, ServerOptions server, SharedConnections connections, CancellationToken cancellationToken)
    {
        var link = connections.Rent(server.Address!, options.KnownCodecs, options.Transport, options.TimeProvider, server.Security?.Snapshot());
        await using (link.ConfigureAwait(false))
        {
            var opened = await link.OpenAsync(RemoteModel.ToDescribe(options.ModelName, options.ModelVersion), cancellationToken).ConfigureAwait(false);
            opened.Connection.CloseModel(opened.Handle);
            var plan = ModelDescriptions.Read(opened.Description ?? throw ProtocolException.Violation($"{server.DisplayName} does not describe the model. Run the same release of SplitInfer at both ends"));
            return plan.DeviceOutputs.IsEmpty ? plan : throw new ModelNotSupportedException(
                $"{server.DisplayName}: the outputs {string.Join(", ", plan.DeviceOutputs)} of the model can only be made on the device, since they are no tensors. Give the client the file, in {nameof(SplitInferenceOptions)}.{nameof(SplitInferenceOptions.ModelPath)}.");
        }
    }
}
