using System.Globalization;
using System.Text;
using SplitInfer.Policies.Quality;
using SplitInfer.Protocol;
using SplitInfer.Protocol.Messages;
using SplitInfer.Server.Scheduling;

namespace SplitInfer.Server.Connections;

/// <summary>What requests of one machine say of the quality of their answers, over whichever of its connections. Thread-safe.</summary>
/// <param name="machine">Where the clients connect from, or the name of their key.</param>
internal sealed class QualityDemand(string machine)
{
    /// <summary>The longest name of a user, in bytes.</summary>
    public const int MaxUserBytes = 64;

    // Among all users of a server those of one machine must not crowd out the others. Further ones count as one.
    private const int MaxUsers = 64;

    // A client says itself what its requests are worth.
    private const double MostWeight = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _users = new(StringComparer.Ordinal);

    /// <summary>Why a header cannot be meant; null where it can.</summary>
    public static Refusal? Check(RequestHeader header)
    {
        if (!(header.MinQuality is >= 0 and <= 1)) return new(RefusalCode.LimitExceeded, "The least quality of the answer is none: it is a number from 0, which asks for the model's own outputs, to 1. Send such a number.");
        // The characters are no more than the bytes, and there may be many.
        if (header.User.Length > MaxUserBytes || Encoding.UTF8.GetByteCount(header.User) > MaxUserBytes) return new(RefusalCode.LimitExceeded, $"The name of the user has more than {MaxUserBytes} bytes. Send a shorter one, or a digest.");
        return null;
    }

    /// <summary>What a request needs.</summary>
    /// <param name="header">Its header, which was checked.</param>
    /// <param name="deadline">What is left until its answer is of no use; null where it always is of use.</param>
    public QualityNeeds NeedsOf(RequestHeader header, TimeSpan? deadline) =>
        new() { User = UserOf(header.User), Weight = Math.Clamp(header.Weight, 1, MostWeight), Deadline = deadline, MinQuality = header.MinQuality };

    /// <summary>Users of two machines are two, whatever they are called. They are told apart by numbers, so that one who connects anew under other names is none that was never seen.</summary>
    private string UserOf(string name)
    {
        if (name.Length == 0) return machine;
        lock (_gate)
        {
            if (_users.TryGetValue(name, out var known)) return known;
            if (_users.Count == MaxUsers) return machine;
            return _users[name] = string.Create(CultureInfo.InvariantCulture, $"{machine}/{_users.Count}");
        }
    }
}
