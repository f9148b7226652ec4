namespace MailCluster.Node.Kubernetes;

/// <summary>How a pod reaches the Kubernetes API and proves who it is, as Kubernetes puts it into every pod that has a service account.</summary>
/// <param name="Folder">Holds <c>token</c>, <c>ca.crt</c> and <c>namespace</c>. The token is renewed there, so it is read at each use.</param>
/// <param name="Host">The API server's address, <c>KUBERNETES_SERVICE_HOST</c>.</param>
/// <param name="Port">Its port, <c>KUBERNETES_SERVICE_PORT</c>.</param>
internal sealed record ServiceAccount(string Folder, string? Host, string? Port)
{
    /// <summary>Where Kubernetes mounts it.</summary>
    public const string DefaultFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>That of this pod.</summary>
    public static ServiceAccount OfThisPod() => new(DefaultFolder, Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"), Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"));

    /// <summary>The file that proves who we are.</summary>
    public string Token => Path.Combine(Folder, "token");

    /// <summary>Whom we believe to be the API server.</summary>
    public string Authority => Path.Combine(Folder, "ca.crt");

    /// <summary>The namespace that we are in.</summary>
    public string Namespace => Path.Combine(Folder, "namespace");

    /// <summary>What is missing of it, in words for an operator; null where nothing is.</summary>
    public string? Missing => !int.TryParse(Port, out _) || string.IsNullOrEmpty(Host) ? "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set"
        : new[] { Token, Authority, Namespace }.FirstOrDefault(file => !File.Exists(file)) is { } absent ? $"{absent} is missing; is the service account's token mounted (automountServiceAccountToken)?"
        : null;
}
