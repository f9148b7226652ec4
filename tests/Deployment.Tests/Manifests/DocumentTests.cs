using System.Text.RegularExpressions;
using MailCluster.Deployment.Tests.Support;
using MailCluster.Tests.Support;
using MailCluster.Node.Cluster;
using MailCluster.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>What docs/kubernetes.md tells an operator to do works as it stands there.</summary>
public partial class DocumentTests
{
    private static readonly string s_text = File.ReadAllText(SourceTree.Find("docs/kubernetes.md"));

    [Fact]
    public async Task The_certificates_made_by_its_commands_are_taken_by_nodes_and_those_of_others_are_not()
    {
        using var ours = new TemporaryFolder();
        using var theirs = new TemporaryFolder();
        foreach (var folder in new[] { ours, theirs })
        {
            var (code, output) = await Run.ToEndAsync("sh", ["-e", "-c", $"cd '{folder.Path}'\n{Recipe().Match(s_text).Groups[1].Value}"]);
            Assert.True(code == 0, output);
        }

        var certificates = PeerCertificates.Load(new(ours.File("tls.crt"), ours.File("tls.key"), ours.File("ca.crt")), TimeProvider.System.GetUtcNow());
        var others = PeerCertificates.Load(new(theirs.File("tls.crt"), theirs.File("tls.key"), theirs.File("ca.crt")), TimeProvider.System.GetUtcNow());
        Assert.Null(certificates.Refusal(certificates.Own));
        Assert.NotNull(certificates.Refusal(others.Own));
    }

    [Fact]
    public void Every_path_and_every_variable_that_it_names_is_there()
    {
        Assert.All(Link().Matches(s_text).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)), link => Assert.True(Path.Exists(SourceTree.Find($"docs/{link}")), link));
        Assert.All(Folder().Matches(s_text).Select(match => match.Value).Where(path => !path.EndsWith("/mine", StringComparison.Ordinal)), path => Assert.True(Path.Exists(SourceTree.Find(path)), path));
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/production"));
        var keys = all.Configuration.Keys.Select(key => "MAILCLUSTER__" + key["mailcluster.".Length..].Replace(".", "__", StringComparison.Ordinal).Replace('-', '_').ToUpperInvariant()).ToHashSet();
        Assert.All(Variable().Matches(s_text).Select(match => match.Value), name => Assert.Contains(name, keys));
    }

    [Fact]
    public void Its_numbers_are_those_of_the_manifests()
    {
        var all = Deployed.Parse(Kubectl.Newest.Kustomize("deploy/k8s/overlays/production-backlog"));
        Assert.Contains($"{all.Pod.TerminationGracePeriodSeconds} s here", s_text, StringComparison.Ordinal);
        Assert.Contains($"`shutdown.delay`, {all.Value("shutdown.delay")!.Replace("s", " s", StringComparison.Ordinal)} here", s_text, StringComparison.Ordinal);
        Assert.Contains($"each is given {all.Nodes.Spec.MinReadySeconds} s after it is ready", s_text, StringComparison.Ordinal);
        Assert.Contains(all.All<k8s.Models.V2HorizontalPodAutoscaler>().Single().Spec.Metrics.Single(metric => metric.Pods is not null).Pods.Metric.Name, s_text, StringComparison.Ordinal);
        Assert.All(all.Pod.Volumes.Where(volume => volume.Secret is not null), volume => Assert.Contains(volume.Secret.SecretName, s_text, StringComparison.Ordinal));
        Assert.All(all.All<k8s.Models.V1Service>(), service => Assert.Contains($"{service.Metadata.Name}", s_text, StringComparison.Ordinal));
    }

    [GeneratedRegex("```sh\n(openssl.*?)```", RegexOptions.Singleline)]
    private static partial Regex Recipe();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\bdeploy/k8s[A-Za-z0-9/._-]*[A-Za-z0-9]")]
    private static partial Regex Folder();

    [GeneratedRegex("MAILCLUSTER__[A-Z_]+[A-Z]")]
    private static partial Regex Variable();
}
