namespace SplitInfer.Simulation.Families;

/// <summary>What could have been made of the requests of a cell. The device runs its best model beside every request.</summary>
internal sealed class FamilyHindsight(FamilyScenario scenario, Network network, double deadlineMs, int seed)
{
    private const int LawDraws = 20_000;

    /// <summary>The best single variant, and its accuracy; the device's own where no server helps.</summary>
    public (string Name, double Accuracy) BestStatic()
    {
        var simulator = new FamilySimulator(scenario, network, deadlineMs, seed);
        var sums = new double[scenario.Variants.Length];
        var locals = new double[scenario.Variants.Length];
        for (var request = 0; request < scenario.Requests; request++)
        {
            var draw = simulator.Draw(request);
            var local = LocalAccuracy(draw.DeviceNormal);
            for (var v = 0; v < sums.Length; v++)
            {
                var variant = scenario.Variants[v];
                if (variant.Server is { } server) sums[v] += draw.OutMs + server.SampleMs(draw.ServerNormal) + draw.BackMs <= deadlineMs ? variant.Accuracy : local;
                if (variant.Device is { } device && device.SampleMs(draw.DeviceNormal) <= deadlineMs) locals[v] += variant.Accuracy;
            }
        }

        var (best, bestLocal) = (Array.IndexOf(sums, sums.Max()), Array.IndexOf(locals, locals.Max()));
        return sums[best] > locals[bestLocal]
            ? (scenario.Variants[best].Name, sums[best] / scenario.Requests)
            : (scenario.Variants[bestLocal].Name + " on the device", locals[bestLocal] / scenario.Requests);
    }

    /// <summary>The accuracy of whoever knows all laws, and what is known when it chooses.</summary>
    public double Informed()
    {
        var simulator = new FamilySimulator(scenario, network, deadlineMs, seed);
        var unknown = LawOfTheUnknown();
        var fixedChoice = scenario.ChoosesOnServer ? -1 : Choose(deadlineMs, unknown);
        var sum = 0.0;
        for (var request = 0; request < scenario.Requests; request++)
        {
            var draw = simulator.Draw(request);
            var choice = scenario.ChoosesOnServer ? Choose(deadlineMs - draw.OutMs, unknown) : fixedChoice;
            var local = LocalAccuracy(draw.DeviceNormal);
            sum += choice >= 0 && draw.OutMs + scenario.Variants[choice].Server!.SampleMs(draw.ServerNormal) + draw.BackMs <= deadlineMs
                ? scenario.Variants[choice].Accuracy
                : local;
        }

        return sum / scenario.Requests;
    }

    // What is not known when the model is chosen, sorted: the way back, and the way out where the device chooses.
    private double[] LawOfTheUnknown()
    {
        var other = new FamilySimulator(scenario, network, deadlineMs, seed: ~seed);
        var law = new double[LawDraws];
        for (var i = 0; i < law.Length; i++)
        {
            var draw = other.Draw(i);
            law[i] = draw.BackMs + (scenario.ChoosesOnServer ? 0 : draw.OutMs);
        }

        Array.Sort(law);
        return law;
    }

    private int Choose(double leftMs, double[] unknown)
    {
        var local = LocalAccuracy(normal: 0);
        var (best, highest) = (-1, local);
        for (var v = 0; v < scenario.Variants.Length; v++)
        {
            if (scenario.Variants[v].Server is not { } server) continue;
            var place = Array.BinarySearch(unknown, leftMs - server.MeanMs);
            var inTime = (double)(place < 0 ? ~place : place) / unknown.Length;
            var expected = (inTime * scenario.Variants[v].Accuracy) + ((1 - inTime) * local);
            if (expected > highest) (best, highest) = (v, expected);
        }

        return best;
    }

    private double LocalAccuracy(double normal)
    {
        var best = 0.0;
        foreach (var variant in scenario.Variants)
            if (variant.Device is { } device && device.SampleMs(normal) <= deadlineMs) best = Math.Max(best, variant.Accuracy);
        return best;
    }
}
