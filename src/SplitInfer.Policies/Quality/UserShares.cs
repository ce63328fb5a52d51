namespace SplitInfer.Policies.Quality;

/// <summary>How accurate the answers of each user were lately, so that nobody falls far behind. Keeps 1,024 users. Not thread-safe. Allocates for a new user only.</summary>
internal sealed class UserShares(double leastShare)
{
    private const int MaxUsers = 1024;
    private const double Memory = 0.98;

    // The weight of one who is behind, and how soon it grows.
    private const double MostBoost = 8;
    private const int BoostPower = 12;

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly User[] _users = new User[MaxUsers];
    private int _count;
    private int _hand;
    private double _accuracySum;
    private double _weightSum;

    /// <summary>By what the weight of a user's request is multiplied.</summary>
    public double Boost(string user, double weight)
    {
        if (_count < 2 || !_places.TryGetValue(user, out var place)) return 1;
        var target = leastShare * (_accuracySum / _count) * Math.Min(1, weight * _count / _weightSum);
        var accuracy = _users[place].Accuracy;
        return accuracy >= target ? 1 : Math.Min(MostBoost, Math.Pow(target / Math.Max(accuracy, 1e-3), BoostPower));
    }

    /// <summary>Notes how accurate an answer was; 0 where it was late or there was none.</summary>
    public void Note(string user, double weight, double accuracy)
    {
        if (user.Length == 0) return;
        if (!_places.TryGetValue(user, out var place)) place = Add(user, weight, accuracy);
        ref var known = ref _users[place];
        var (newAccuracy, newWeight) = ((Memory * known.Accuracy) + ((1 - Memory) * accuracy), (Memory * known.Weight) + ((1 - Memory) * weight));
        (_accuracySum, _weightSum) = (_accuracySum + newAccuracy - known.Accuracy, _weightSum + newWeight - known.Weight);
        (known.Accuracy, known.Weight, known.IsRecent) = (newAccuracy, newWeight, true);
    }

    // The place of one who was not seen since the hand came by last.
    private int Add(string user, double weight, double accuracy)
    {
        var place = _count;
        if (_count < MaxUsers) _count++;
        else
        {
            for (; _users[_hand].IsRecent; _hand = (_hand + 1) % MaxUsers) _users[_hand].IsRecent = false;
            place = _hand;
            _hand = (_hand + 1) % MaxUsers;
            _places.Remove(_users[place].Name);
            (_accuracySum, _weightSum) = (_accuracySum - _users[place].Accuracy, _weightSum - _users[place].Weight);
        }

        _users[place] = new() { Name = user, Accuracy = accuracy, Weight = weight };
        (_accuracySum, _weightSum) = (_accuracySum + accuracy, _weightSum + weight);
        _places[user] = place;
        return place;
    }

    private struct User
    {
        public string Name;
        public double Accuracy;
        public double Weight;
        public bool IsRecent;
    }
}
