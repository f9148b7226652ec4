namespace MailCluster.Node.Configuration;

/// <summary>A value in force, as <c>--check</c> prints it.</summary>
/// <param name="Key">The whole key.</param>
/// <param name="Value">As it would be written in the file; secrets masked.</param>
/// <param name="Origin">Who set it.</param>
public sealed record EffectiveValue(string Key, string Value, Origin Origin)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Key} = {Value}  # {Origin}";
}
