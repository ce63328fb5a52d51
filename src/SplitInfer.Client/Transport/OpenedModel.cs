using System.Collections.Immutable;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;

namespace SplitInfer.Client.Transport;

/// <summary>A model that is open on one connection. It ends with the connection, and is opened anew on the next.</summary>
/// <param name="connection">The connection.</param>
/// <param name="handle">What it is called there.</param>
/// <param name="model">The model.</param>
/// <param name="tailSeconds">What the server says that each tail takes, s; empty where it says nothing.</param>
/// <param name="description">What the server says of the model; null where it was not asked.</param>
internal sealed class OpenedModel(ServerConnection connection, uint handle, RemoteModel model, ImmutableArray<double> tailSeconds, ModelDescription? description)
{
    private volatile bool _isClosed;

    /// <summary>The connection.</summary>
    public ServerConnection Connection => connection;

    /// <summary>What the model is called there.</summary>
    public uint Handle => handle;

    /// <summary>How the boundaries of its plan are laid out.</summary>
    public PlanLayouts Layouts => model.Layouts;

    /// <summary>What the server is told of the client's requests; null where it is told nothing.</summary>
    public ReportBuffer? Reports => model.Reports;

    /// <summary>What the server says that each tail takes, s; empty where it says nothing.</summary>
    public ImmutableArray<double> TailSeconds => tailSeconds;

    /// <summary>What the server says of the model; null where it was not asked.</summary>
    public ModelDescription? Description => description;

    /// <summary>Whether requests can be sent.</summary>
    public bool IsUsable => !_isClosed && connection.IsOpen;

    /// <summary>Requests that are in flight. Guarded by the connection's slots, as is <see cref="ClosesWhenIdle"/>.</summary>
    public int InFlight { get; set; }

    /// <summary>Whether the server is told when nothing is in flight any more.</summary>
    public bool ClosesWhenIdle { get; set; }

    /// <summary>Has requests open the model anew.</summary>
    public void MarkClosed() => _isClosed = true;
}

/// <summary>The opening of a model, from the call to the server's answer.</summary>
internal sealed class ModelOpening(ServerConnection connection, RemoteModel model) : IOutgoingMessage
{
    private readonly TaskCompletionSource<OpenedModel> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private uint _handle;
    private bool _isAbandoned;

    /// <summary>The model, once it is open.</summary>
    public Task<OpenedModel> Opened => _opened.Task;

    /// <summary>What is to be opened.</summary>
    public RemoteModel Model => model;

    /// <summary>Whether nobody wants it any more.</summary>
    public bool IsAbandoned => Volatile.Read(ref _isAbandoned);

    public bool WriteFrame(OutgoingFrame frame)
    {
        lock (_gate)
        {
            if (_isAbandoned) return false;
            _handle = connection.Pending.Add(this);
        }

        frame.Begin(FrameType.OpenModel, _handle, model.Message);
        frame.End(isLast: true);
        return false;
    }

    /// <summary>The server has opened it.</summary>
    public void Complete(OpenedModel opened) => _opened.TrySetResult(opened);

    /// <summary>It will not be opened.</summary>
    public void Fail(Exception error)
    {
        _opened.TrySetException(error);
        // Whoever waited may have left.
        _ = _opened.Task.Exception;
    }

    /// <summary>It is to be opened on another connection.</summary>
    public void LetGo(Exception error)
    {
        Fail(error);
        Abandon();
    }

    /// <summary>Nobody wants it any more. The server closes it as soon as it has opened it.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            if (_isAbandoned) return;
            Volatile.Write(ref _isAbandoned, true);
        }

        // Without a handle the server will not answer, so nothing else ends the opening.
        if (_handle != 0)
        {
            connection.CloseModel(_handle);
            return;
        }

        connection.Pending.Forget(this);
        connection.Slots.EndOpening();
    }
}
