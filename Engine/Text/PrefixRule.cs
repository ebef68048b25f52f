namespace OrleansLM.Engine.Text;

/// <summary>When a section of text gets a "▁" in front.</summary>
internal enum PrefixRule
{
    Never,

    /// <summary>Every section, whatever it begins with: tokenizer.model, and Prepend in tokenizer.json.</summary>
    Always,

    /// <summary>Every section that does not begin with a space: Metaspace with "always".</summary>
    UnlessSpace,

    /// <summary>As <see cref="UnlessSpace"/>, but only the section that the text begins with: Metaspace with "first".</summary>
    FirstUnlessSpace,
}
