using SplitInfer.Client;
using SplitInfer.Policies;
using SplitInfer.Policies.Experience;
using SplitInfer.Tensors;

namespace SplitInfer.Documentation.Snippets;

/// <summary>docs/experience.md.</summary>
internal static class Experience
{
    public static async Task RateAsync(TensorValue input, Func<double> askTheUser)
    {
        // snippet: experience in a client
        await using var client = await SplitInferenceClient.CreateAsync(new()
        {
            Family = "family/family.json",
            Server = new Uri("tcp://127.0.0.1:7070"),
            Objective = Objective.Experience,
            StateDirectory = "state",
        });
        client.Experience!.Device = client.Experience.Device with { Battery = 0.4, Network = NetworkClass.Moderate };
        using var result = await client.InferAsync(input);
        if (client.Experience.IsWorthAsking)
        {
            client.Experience.Ask();
            result.Rate(askTheUser());
        }
        // end of snippet
    }

    public static DecisionContext Choose(ExperienceModel model, ExperienceStatistics fleet, long session, Func<double> askTheUser, Action<byte[]> upload)
    {
        // snippet: experience
        model.Receive(fleet);                                          // what all devices learned; leave it out for one alone
        DeviceFeatures device = new() { Cores = 8, Battery = 0.4, Network = NetworkClass.Moderate };
        VariantFeatures[] variants =
        [
            new() { Accuracy = 0.98, Bytes = 1.3e6, Seconds = 0.012, Joules = 0.03 },
            new() { Accuracy = 1.00, Bytes = 5.0e6, Seconds = 0.030, Joules = 0.09 },
        ];
        var choice = model.Choose(session, device, variants);
        DecisionContext request = new() { Objective = Objective.Experience, Variant = choice.Variant };

        // … the session runs, and then:
        if (model.IsWorthAsking(session))
        {
            model.Ask(session);
            model.Rate(session, askTheUser(), measuredSeconds: 0.014);
        }

        model.End(session);                                            // not rated: what was seen of it is a weak label
        if (model.TakeShare() is { } share) upload(share.ToBytes());   // once a day at most, 3.5 kB
        // end of snippet
        return request;
    }
}
