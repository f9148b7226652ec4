using k8s;
using k8s.Models;
using MailCluster.Deployment.Tests.Support;
using MailCluster.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>What an operator applies: every kustomization, as each kubectl here renders it.</summary>
public class ManifestTests
{
    private const string Root = "deploy/k8s";

    /// <summary>What can be applied by itself.</summary>
    private static readonly string[] s_whole = ["base", "overlays/local", "overlays/production", "overlays/production-backlog"];

    public static TheoryData<string, int> Rendered
    {
        get
        {
            var rendered = new TheoryData<string, int>();
            foreach (var kubectl in Kubectl.All) foreach (var folder in s_whole) rendered.Add(folder, kubectl.Minor);
            return rendered;
        }
    }

    private static Deployed Render(string folder, int minor) => Deployed.Parse(Kubectl.All.Single(kubectl => kubectl.Minor == minor).Kustomize($"{Root}/{folder}"));

    [Fact]
    public void Debians_kubectl_is_among_those_that_render() =>
        Assert.True(Kubectl.All.Any(kubectl => kubectl.Minor == 20), $"kubectl 1.20 is not here (there is: {string.Join(", ", Kubectl.All)}); tests/run.sh unpacks it into artifacts/.");

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Everything_refers_to_what_is_there(string folder, int minor)
    {
        var findings = Rules.Check(Render(folder, minor));
        Assert.True(findings.Count == 0, string.Join(Environment.NewLine, findings));
    }

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Old_and_new_kubectl_render_the_same(string folder, int minor)
    {
        // But for the hashes in generated names, which both take from other octets.
        Assert.Equal(Comparable(Render(folder, Kubectl.Newest.Minor)), Comparable(Render(folder, minor)));

        static SortedSet<string> Comparable(Deployed all) => [.. all.Objects.Select(one =>
        {
            one.Metadata.Labels ??= new Dictionary<string, string>();
            one.Metadata.Annotations ??= new Dictionary<string, string>();
            return all.All<V1ConfigMap>().Aggregate(KubernetesYaml.Serialize(one), (text, map) => text.Replace(map.Metadata.Name, map.Metadata.Name[..map.Metadata.Name.LastIndexOf('-')], StringComparison.Ordinal));
        })];
    }

    [Theory]
    [InlineData("overlays/production")]
    [InlineData("overlays/production-backlog")]
    public void Production_has_at_least_three_nodes_on_machines_of_their_own_that_prove_themselves(string folder)
    {
        var all = Render(folder, Kubectl.Newest.Minor);
        Assert.True(all.All<V2HorizontalPodAutoscaler>().Single().Spec.MinReplicas >= 3);
        Assert.Equal("DoNotSchedule", all.Pod.TopologySpreadConstraints.Single(spread => spread.TopologyKey == "kubernetes.io/hostname").WhenUnsatisfiable);
        Assert.NotEmpty(all.Value("cluster.tls.certificate")!);
        Assert.DoesNotContain("127.0.0.0/8", all.Value("relay.networks"), StringComparison.Ordinal);
        Assert.DoesNotContain("latest", all.Container.Image, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_overlay_for_backlog_asks_for_the_Prometheus_operator_and_a_metrics_adapter()
    {
        foreach (var folder in s_whole)
        {
            var all = Render(folder, Kubectl.Newest.Minor);
            var backlog = folder.EndsWith("backlog", StringComparison.Ordinal);
            Assert.Equal(backlog, all.All<ServiceMonitor>().Any());
            Assert.Equal(backlog, all.All<V2HorizontalPodAutoscaler>().Any(scaler => scaler.Spec.Metrics.Any(metric => metric.Type == "Pods")));
        }
    }

    [Fact]
    public void A_new_setting_is_a_new_name_and_so_a_rolling_restart()
    {
        foreach (var kubectl in Kubectl.All)
        {
            var names = s_whole.Select(folder => Render(folder, kubectl.Minor).Container.EnvFrom.Single().ConfigMapRef.Name).ToArray();
            Assert.Equal(names[2], names[3]);
            Assert.Equal(3, names.Distinct().Count());
            Assert.All(names, name => Assert.Matches("^mailcluster-settings-[a-z0-9]{10}$", name));
        }
    }

    /// <summary>Files on their own: those that no kustomization lists would otherwise be read by nobody.</summary>
    [Fact]
    public void Every_file_is_strict_and_is_used()
    {
        foreach (var file in Directory.GetFiles(SourceTree.Find(Root), "*.yaml", SearchOption.AllDirectories))
        {
            var text = File.ReadAllText(file);
            var folder = Path.GetDirectoryName(file)!;
            if (Path.GetFileName(file) == "kustomization.yaml") continue;
            if (!text.Contains("\n- op:", StringComparison.Ordinal)) Assert.All(Deployed.Read(text), one => Assert.NotEmpty(one.Metadata.Name));
            if (folder == SourceTree.Find(Root))
            {
                // Applied by hand, and listed nowhere: deleting an overlay must not delete the namespace, and the claims with it.
                Assert.DoesNotContain(Directory.GetFiles(SourceTree.Find(Root), "kustomization.yaml", SearchOption.AllDirectories), list => File.ReadAllLines(list).Any(line => line.StartsWith("  - ", StringComparison.Ordinal) && line.EndsWith(Path.GetFileName(file), StringComparison.Ordinal)));
                Assert.Contains($"{Root}/{Path.GetFileName(file)}", File.ReadAllText(SourceTree.Find("docs/kubernetes.md")), StringComparison.Ordinal);
                continue;
            }

            Assert.Contains(Path.GetFileName(file), File.ReadAllText(Path.Combine(folder, "kustomization.yaml")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_pod_that_looks_into_a_claim_mounts_one_of_a_node_and_is_as_confined()
    {
        var pod = Assert.IsType<V1Pod>(Deployed.Read(File.ReadAllText(SourceTree.Find($"{Root}/inspect.yaml"))).Single());
        var nodes = Render("overlays/production", Kubectl.Newest.Minor);
        Assert.StartsWith($"{nodes.Nodes.Spec.VolumeClaimTemplates.Single().Metadata.Name}-{nodes.Nodes.Metadata.Name}-", pod.Spec.Volumes.Single().PersistentVolumeClaim.ClaimName, StringComparison.Ordinal);
        Assert.Equal(nodes.Container.Image, pod.Spec.Containers.Single().Image);
        Assert.Equal(nodes.Value("data-directory"), pod.Spec.Containers.Single().VolumeMounts.Single().MountPath);
        Assert.Equal(nodes.Value("data-directory"), pod.Spec.Containers.Single().Args[^1]);
        Assert.Equal(KubernetesYaml.Serialize(nodes.Pod.SecurityContext), KubernetesYaml.Serialize(pod.Spec.SecurityContext));
        Assert.Equal(KubernetesYaml.Serialize(nodes.Container.SecurityContext), KubernetesYaml.Serialize(pod.Spec.Containers.Single().SecurityContext));
        Assert.All(nodes.All<V1Service>(), service => Assert.False(SelectorRules.Selects(service.Spec.Selector, new() { Metadata = pod.Metadata })));
    }

    [Theory]
    [InlineData("replicas: 3", "replcas: 3")]
    [InlineData("replicas: 3", "replicas: three")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true")]
    [InlineData("whenScaled: Retain", "whenScaledDown: Retain")]
    [InlineData("maxUnavailable: 1", "maxUnavailble: 1")]
    [InlineData("kind: NetworkPolicy", "kind: NetworkPolice")]
    [InlineData("apiVersion: apps/v1", "apiVersion: apps/v1beta9")]
    public void A_field_or_kind_that_Kubernetes_does_not_have_is_found(string is_, string becomes)
    {
        var text = Kubectl.Newest.Kustomize($"{Root}/base");
        Assert.Contains(is_, text, StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => Deployed.Parse(text.Replace(is_, becomes, StringComparison.Ordinal)));
    }
}
