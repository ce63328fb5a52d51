using System.Diagnostics;
using k8s;
using k8s.Models;
using SplitInfer.Documentation.Pages;
using SplitInfer.Testing;

namespace SplitInfer.Documentation;

/// <summary>The manifests of <c>deploy/kubernetes</c> have no field that Kubernetes does not know, fit together, and start the server with options that there are.</summary>
public sealed class KubernetesTests
{
    private const string Folder = "deploy/kubernetes";

    [Fact]
    public void Manifests_have_only_fields_that_kubernetes_knows()
    {
        Assert.Equal(["Deployment", "HorizontalPodAutoscaler", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "Service"], Files().SelectMany(static file => Load(File.ReadAllText(file))).Select(static one => one.Kind).Order());
        var wrong = File.ReadAllText(Repository.PathOf($"{Folder}/deployment.yaml")).Replace("replicas:", "replicaz:", StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => Load(wrong));
    }

    [Fact]
    public void They_are_named_by_the_kustomization_and_fit_together()
    {
        var kustomization = File.ReadAllText(Repository.PathOf($"{Folder}/kustomization.yaml"));
        Assert.All(Files(), file => Assert.Contains($"  - {Path.GetFileName(file)}\n", kustomization, StringComparison.Ordinal));
        var container = Deployment().Spec.Template.Spec.Containers.Single();
        string[] ports = [.. container.Ports.Select(static port => port.Name)];
        var named = Of<V1Service>("service").Spec.Ports.Select(static port => port.TargetPort.Value).Concat(Of<V1NetworkPolicy>("networkpolicy").Spec.Ingress.SelectMany(static rule => rule.Ports).Select(static port => port.Port.Value));
        Assert.All(named, port => Assert.Contains(port, ports));
        Assert.All(container.VolumeMounts, mount => Assert.Contains(Deployment().Spec.Template.Spec.Volumes, volume => volume.Name == mount.Name));
        Assert.Equal(("Deployment", Deployment().Metadata.Name), (Autoscaler().Spec.ScaleTargetRef.Kind, Autoscaler().Spec.ScaleTargetRef.Name));
    }

    [Fact]
    public void The_server_has_no_rights_and_cannot_write()
    {
        var pod = Deployment().Spec.Template.Spec;
        var container = pod.Containers.Single().SecurityContext;
        Assert.Equal((true, true, false, false), (pod.SecurityContext.RunAsNonRoot, container.ReadOnlyRootFilesystem, container.AllowPrivilegeEscalation, pod.AutomountServiceAccountToken));
        Assert.Equal("ALL", Assert.Single(container.Capabilities.Drop));
    }

    [Fact]
    public async Task It_is_started_with_options_and_variables_that_there_are_and_scaled_by_a_metric_that_there_is()
    {
        var container = Deployment().Spec.Template.Spec.Containers.Single();
        Mistakes.AssertNone(await ToolCommand.Parse($"{ToolCommand.Start}serve {string.Join(' ', container.Args)}").MistakesAsync(isWhole: true));
        var options = (await ToolCommand.OutputOfAsync("serve", "--print-config", "--json")).ToUpperInvariant();
        Assert.All(container.Env, variable => Assert.Contains($"\"{variable.Name["SPLITINFER_SERVER_".Length..].Replace("__", ".", StringComparison.Ordinal)}\"", options, StringComparison.Ordinal));
        Assert.Contains(Assert.Single(Autoscaler().Spec.Metrics).Pods.Metric.Name, PublishedMetric.All.SelectMany(static metric => metric.PrometheusNames));
        // The probes ask for routes that need no key.
        var page = Page.All.Single(static page => page.Path == "docs/operations.md").Prose;
        Assert.All((V1Probe[])[container.StartupProbe, container.LivenessProbe, container.ReadinessProbe], probe => Assert.Contains($"`GET {probe.HttpGet.Path}`", page, StringComparison.Ordinal));
    }

    [CommandFact("kubectl")]
    public void Kustomize_puts_them_together()
    {
        using var folder = new TestFolder();
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf(Folder), "*.yaml")) File.Copy(file, folder[Path.GetFileName(file)]);
        foreach (var secret in (string[])["tls/tls.crt", "tls/tls.key", "tls/keys"]) File.WriteAllText(folder[secret], "of the test");
        using var process = Process.Start(new ProcessStartInfo(InstalledCommand.PathOf("kubectl")!, ["kustomize", Path.GetDirectoryName(folder["kustomization.yaml"])!]) { RedirectStandardOutput = true })!;
        var whole = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        var objects = Load(whole);
        Assert.Equal(7, objects.Length);
        Assert.All(objects.OfType<IMetadata<V1ObjectMeta>>().Where(static one => one is not V1Namespace), static one => Assert.Equal("splitinfer", one.Metadata.NamespaceProperty));
        var (deployment, service) = (objects.OfType<V1Deployment>().Single(), objects.OfType<V1Service>().Single());
        Assert.Equal(deployment.Spec.Template.Metadata.Labels, service.Spec.Selector);
        Assert.Equal(service.Spec.Selector, deployment.Spec.Selector.MatchLabels);
        Assert.Equal(service.Spec.Selector, objects.OfType<V1PodDisruptionBudget>().Single().Spec.Selector.MatchLabels);
        var network = objects.OfType<V1NetworkPolicy>().Single().Spec;
        Assert.Equal(service.Spec.Selector, network.PodSelector.MatchLabels);
        // A label of the servers there would keep the clients out.
        Assert.Equal(["splitinfer.example/client"], network.Ingress[0].FromProperty.Single().PodSelector.MatchLabels.Keys);
        Assert.Equal(objects.OfType<V1Secret>().Single().Metadata.Name, deployment.Spec.Template.Spec.Volumes.Single(static volume => volume.Secret is not null).Secret.SecretName);
    }

    private static string[] Files() => [.. Directory.EnumerateFiles(Repository.PathOf(Folder), "*.yaml").Where(static file => Path.GetFileName(file) != "kustomization.yaml")];

    private static IKubernetesObject[] Load(string yaml) => [.. KubernetesYaml.LoadAllFromString(yaml, strict: true).Cast<IKubernetesObject>()];

    private static T Of<T>(string file) => (T)Load(File.ReadAllText(Repository.PathOf($"{Folder}/{file}.yaml"))).Single();

    private static V1Deployment Deployment() => Of<V1Deployment>("deployment");

    private static V2HorizontalPodAutoscaler Autoscaler() => Of<V2HorizontalPodAutoscaler>("horizontalpodautoscaler");
}
