namespace SplitInfer.Protocol;

/// <summary>What a message that comes in may take of memory. Asked as its bytes arrive, so that a peer that only announces bytes holds none.</summary>
internal interface IByteAllowance
{
    /// <summary>Takes so many more bytes.</summary>
    /// <returns>Why they are not to be had; null where they were taken.</returns>
    Exception? TryTake(long bytes);

    /// <summary>Gives back bytes that were taken and are free again before the message is done with.</summary>
    void GiveBack(long bytes);
}
