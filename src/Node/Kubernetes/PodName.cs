using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace MailCluster.Node.Kubernetes;

/// <summary>A pod of a StatefulSet: the set's name, a hyphen, the ordinal.</summary>
/// <param name="StatefulSet">The set's name, which may have hyphens and digits of its own.</param>
/// <param name="Ordinal">Which one of it.</param>
internal sealed record PodName(string StatefulSet, int Ordinal)
{
    /// <summary>Parses a pod's name, which is also its machine's name. False for one that no StatefulSet gives.</summary>
    public static bool TryParse(string name, [NotNullWhen(true)] out PodName? pod)
    {
        pod = null;
        var hyphen = name.LastIndexOf('-');
        if (hyphen < 1) return false;
        var digits = name.AsSpan(hyphen + 1);

        // "01" would be another pod's name than the one we would compute from 1.
        if (digits.Length > 1 && digits[0] == '0') return false;
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)) return false;
        pod = new(name[..hyphen], ordinal);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StatefulSet}-{Ordinal}");
}
