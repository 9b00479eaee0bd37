import { type PanelProps, renderTextPanelMarkdown, textUtil } from '@grafana/data';

export interface TextOptions {
  mode: 'markdown' | 'html' | 'code';
  content: string;
}

/** Markdown and HTML pass Grafana's sanitiser, and variables in them are escaped before. */
export function Text({ options, replaceVariables }: PanelProps<TextOptions>) {
  if (options.mode === 'code') {
    return <pre style={{ height: '100%', margin: 0 }}>{replaceVariables(options.content, {}, 'text')}</pre>;
  }
  const content = replaceVariables(options.content, {}, 'html');
  const html = options.mode === 'html' ? textUtil.sanitizeTextPanelContent(content) : renderTextPanelMarkdown(content);
  return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />;
}
