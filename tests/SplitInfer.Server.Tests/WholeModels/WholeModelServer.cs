using SplitInfer.Server.Tests.Connections;
using SplitInfer.Server.WholeModels;

namespace SplitInfer.Server.Tests.WholeModels;

/// <summary>Whole models of the server of a <see cref="ScriptedClient"/>, for clients of other protocols.</summary>
internal sealed class WholeModelServer(ScriptedClient client)
{
    private readonly WholeModelService _models = new(client.Server.Context);

    /// <summary>A client over a connection of its own.</summary>
    public ForeignClient Connect(string machine = "machine") => _models.Identify(new($"{machine}:1", machine), _models.Connect(), presented: null);

    /// <summary>Makes room for a request that is read before it begins.</summary>
    public Reservation Reserve(in ForeignClient peer) => _models.Reserve(peer);

    /// <summary>Begins a request.</summary>
    public WholeModelRequest Begin(in ForeignClient peer, string? codec = "Json") => _models.Begin(peer, client.Model.Name, "", codec, CancellationToken.None);
}
