using MailCluster.EndToEnd.Tests.Support;
using MailCluster.Node.Cluster;
using MailCluster.Node.Configuration;
using MailCluster.Node.Hosting;

namespace MailCluster.EndToEnd.Tests.Cluster;

/// <summary>What is said of files that do not go together, before anything is opened.</summary>
public sealed class PeerCertificatesTests : IDisposable
{
    private readonly TestAuthority _authority = new("ours");
    private readonly TestAuthority _other = new("another's");

    private static string Refusal(string certificate, string key, string authority)
        => Assert.Throws<StartFailedException>(() => PeerCertificates.Load(new ClusterTlsOptions(certificate, key, authority), DateTimeOffset.UtcNow)).Message;

    [Fact]
    public void Our_own_goes_and_a_stranger_s_is_refused_with_its_name()
    {
        var (certificate, key, _) = _authority.Issue("node");
        var ours = PeerCertificates.Load(new ClusterTlsOptions(certificate, key, _authority.AuthorityFile), DateTimeOffset.UtcNow);
        Assert.Null(ours.Refusal(ours.Own));
        var (foreign, foreignKey, _) = _other.Issue("stranger");
        var theirs = PeerCertificates.Load(new ClusterTlsOptions(foreign, foreignKey, _other.AuthorityFile), DateTimeOffset.UtcNow);
        Assert.Contains("\"CN=stranger\", issued by \"CN=another's\"", ours.Refusal(theirs.Own), StringComparison.Ordinal);
        Assert.NotNull(ours.Refusal(null));
    }

    [Fact]
    public void A_file_that_is_missing_or_holds_something_else_is_named_with_its_key()
    {
        var (certificate, key, _) = _authority.Issue("node");
        Assert.Equal("cluster.tls.certificate: /nowhere/a.crt: there is no such file", Refusal("/nowhere/a.crt", key, _authority.AuthorityFile));
        Assert.Equal("cluster.tls.key: /nowhere/a.key: there is no such file", Refusal(certificate, "/nowhere/a.key", _authority.AuthorityFile));
        Assert.Equal($"cluster.tls.authority: {key}: holds no certificate in PEM", Refusal(certificate, key, key));
    }

    [Fact]
    public void Another_s_key_another_s_authority_and_a_certificate_that_has_expired_stop_the_start()
    {
        var (certificate, key, _) = _authority.Issue("node");
        Assert.StartsWith("cluster.tls.key: ", Refusal(certificate, _authority.Issue("y").Key, _authority.AuthorityFile), StringComparison.Ordinal);
        Assert.StartsWith($"cluster.tls.certificate: {certificate}: peers with cluster.tls.authority = {_other.AuthorityFile} would refuse it", Refusal(certificate, key, _other.AuthorityFile), StringComparison.Ordinal);
        var (old, oldKey, _) = _authority.Issue("old", DateTimeOffset.UtcNow.AddDays(-1));
        Assert.StartsWith($"cluster.tls.certificate: {old}: expired at ", Refusal(old, oldKey, _authority.AuthorityFile), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }
}
