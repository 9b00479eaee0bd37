import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import typescript from 'typescript-eslint';

export default defineConfig(
  { ignores: ['build/**', 'node_modules/**'] },
  typescript.configs.strictTypeChecked,
  typescript.configs.stylisticTypeChecked,
  hooks.configs.flat['recommended-latest'],
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Grafana's packages deprecate what only Grafana's core can replace; their versions are pinned.
      '@typescript-eslint/no-deprecated': 'off',
      // A dashboard's JSON has plain texts where Grafana's types have enums.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      // A number in a message is what it looks like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'id-length': ['error', { exceptions: ['x', 'y', 'w', 'h', 't', '_'] }],
    },
  }
);
