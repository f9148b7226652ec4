using MailCluster.Deployment.Tests.Support;

namespace MailCluster.Deployment.Tests.Manifests;

/// <summary>All that manifests must keep to beyond what Kubernetes checks itself.</summary>
internal static class Rules
{
    /// <summary>What is wrong; nothing where all fits.</summary>
    public static IReadOnlyList<string> Check(Deployed all) =>
    [
        .. all.Configuration.Errors.Select(error => error.ToString()),
        .. PortRules.Check(all), .. SelectorRules.Check(all), .. NetworkRules.Check(all), .. VolumeRules.Check(all), .. AccessRules.Check(all), .. LifecycleRules.Check(all),
    ];
}
